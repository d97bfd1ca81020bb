#!/bin/sh
# Has the agent watch this directory, and starts one if there is none.
agent-cli watch . >&2 || exit

agent-cli tail --root . --topic file --match '**/*.sh' --snapshot --format text |
  while IFS= read -r line; do
    path=${line#* }
    case $line in
      'add '* | 'change '*) sh -n "$path" && echo "ok: $path" ;;
    esac
  done
