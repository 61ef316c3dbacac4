//! A report on payments, against accounting programs on the same payments.

use crate::process::heldto;
use crate::{append, log, median, milliseconds, others};
use std::io::Write;

pub fn run(movements: u64) {
    println!("\n{movements} movements of money");
    let root = tempfile::tempdir_in(".").expect("a folder");
    let ledger = root.path().join("ledger");
    append(&ledger, movements + log::PAYERS + 1, log::paid);
    let report = &["report", "money", "--totals"];
    let warm: Vec<_> = (0..5).map(|_| heldto(&ledger, report)).collect();
    let peak = warm.iter().map(|(_, peak)| *peak).fold(0.0, f64::max);
    let warm = milliseconds(median(warm.iter().map(|(took, _)| *took).collect()));
    let cold = |_| std::fs::write("/proc/sys/vm/drop_caches", "3").ok().map(|()| heldto(&ledger, report).0);
    let cold: Option<Vec<_>> = (0..5).map(cold).collect();
    let cold = cold.map_or_else(|| "not measured".to_owned(), |c| format!("{:.0} ms", milliseconds(median(c))));
    println!("  heldto report money --totals: warm {warm:.0} ms, cold {cold}, {peak:.0} MB");
    let one = heldto(&ledger, &["report", "money", "--totals", "--by", "council-7"]);
    println!("  the same of one of {} bodies: {:.0} ms, {:.0} MB", log::PAYERS, milliseconds(one.0), one.1);
    let csv = root.path().join("movements.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&csv).expect("a file"));
    writeln!(file, "date,body,amount").expect("room");
    for n in 0..movements {
        let (date, payer, pounds) = log::movement(n);
        writeln!(file, "{date},council-{payer},{pounds}").expect("room");
    }
    file.flush().expect("room");
    let csv = csv.to_str().expect("a path");
    others::python(&["money", csv, "--runs", "3"], root.path(), |line| println!("  {line}"));
}
