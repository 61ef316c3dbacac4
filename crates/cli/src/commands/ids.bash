
# Ids on record, for what takes one: `_heldto_ids parties` asks the ledger of the command line.
_heldto_ids() {
    local ledger=() i
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ "${COMP_WORDS[i]}" == --ledger ]]; then ledger=(--ledger "${COMP_WORDS[i + 1]}"); fi
    done
    if [[ "$1" == facts ]]; then
        heldto "${ledger[@]}" timeline --format csv --columns id 2>/dev/null
    else
        heldto "${ledger[@]}" list "$1" --format csv --columns id 2>/dev/null
    fi | tail -n +2 | cut -d, -f1
}

_heldto_with_ids() {
    local kind=""
    case "$3" in
        --by | --about | --to | --made-under | authority) kind=parties ;;
        --source) kind=sources ;;
        --metric) kind=metrics ;;
        --for | --explain) kind=commitments ;;
        show | edit | correct | retract | prove | --linked) kind=facts ;;
    esac
    if [[ -n "$kind" && "$2" != -* ]]; then
        COMPREPLY=($(compgen -W "$(_heldto_ids "$kind")" -- "$2"))
    else
        _heldto "$@"
    fi
}
complete -F _heldto_with_ids -o bashdefault -o default heldto
