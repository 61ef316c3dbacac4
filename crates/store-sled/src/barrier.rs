//! What sled takes for a barrier, made one.
//!
//! On Linux sled ends every write of its log in `sync_file_range`, and from then on overwrites what the write has replaced. That call makes nothing durable
//! whose place in the file is new: after a power cut the new is gone and the old is overwritten, and the database does not open. Where the system says that it
//! has no such call, sled syncs the file instead. So it is told that: by a filter of system calls, once for the whole process.

use std::sync::OnceLock;

/// Makes sled sync its files. Gives whether it does; where it does not, whoever flushes must sync the file itself. Call before a database is opened.
pub fn is_raised() -> bool {
    static RAISED: OnceLock<bool> = OnceLock::new();
    *RAISED.get_or_init(raise)
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn raise() -> bool {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter_all_threads};
    /// The number of `sync_file_range`, and of the error that says there is none.
    const CALL: i64 = if cfg!(target_arch = "x86_64") { 277 } else { 84 };
    const ENOSYS: u32 = 38;
    let Ok(arch) = TargetArch::try_from(std::env::consts::ARCH) else { return false };
    let rules = [(CALL, Vec::new())].into_iter().collect();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(ENOSYS), arch);
    let program = filter.and_then(BpfProgram::try_from);
    program.is_ok_and(|program| apply_filter_all_threads(&program).is_ok())
}

/// Elsewhere sled syncs its files anyway; where it does not, we cannot make it.
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn raise() -> bool {
    !cfg!(target_os = "linux")
}
