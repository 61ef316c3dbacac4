
# Ids on record, for what takes one: asks the ledger of the command line.
_heldto_ids() {
    local -a ledger ids typed
    # Not `words`, from which the options before the command are taken away.
    typed=(${(z)BUFFER})
    local at=${typed[(i)--ledger]}
    if (( at < $#typed )); then ledger=(--ledger ${typed[at + 1]}); fi
    if [[ $1 == facts ]]; then
        ids=(${(f)"$(heldto $ledger timeline --format csv --columns id 2>/dev/null | tail -n +2 | cut -d, -f1)"})
    else
        ids=(${(f)"$(heldto $ledger list $1 --format csv --columns id 2>/dev/null | tail -n +2 | cut -d, -f1)"})
    fi
    compadd -a ids
}
_heldto_parties() { _heldto_ids parties }
_heldto_sources() { _heldto_ids sources }
_heldto_metrics() { _heldto_ids metrics }
_heldto_commitments() { _heldto_ids commitments }
_heldto_facts() { _heldto_ids facts }
