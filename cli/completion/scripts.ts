// The scripts that teach a shell to ask. Each finds agent-cli where the command stands that is being typed, or
// on the path, is silent when it is not there, and serves agentd, too.
import { completionWord, type Shell } from './shell-names.ts';

const bash = `# Completion of devagent, agent-cli and agentd for bash.
_agent_cli() {
  local kind='' line at cli=agent-cli
  case $1 in */*) cli=\${1%/*}/agent-cli ;; esac
  COMPREPLY=()
  while IFS= read -r line; do
    if [ -z "$kind" ]; then kind=$line; else COMPREPLY+=("$line"); fi
  done <<<"$(COMP_TYPE=\${COMP_TYPE-} command "$cli" ${completionWord} bash "\${1##*/}" "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)"
  case $kind in
    files) compopt -o default ;;
    directories) compopt -o dirnames ;;
    command)
      for ((at = 1; at < COMP_CWORD; at++)); do [ "\${COMP_WORDS[at]}" != -- ] || break; done
      if declare -F _command_offset >/dev/null; then _command_offset $((at + 1))
      elif ((at + 1 == COMP_CWORD)); then while IFS= read -r line; do COMPREPLY+=("$line"); done <<<"$(compgen -c -- "$2")"
      else compopt -o default; fi ;;
  esac 2>/dev/null
}
complete -F _agent_cli agent-cli agentd devagent
`;

const zsh = `#compdef agent-cli agentd devagent
# Completion of devagent, agent-cli and agentd for zsh.
_agent_cli() {
  local kind cli=agent-cli
  local -a lines
  [[ $words[1] == */* ]] && cli=\${\${(Q)words[1]}:h}/agent-cli
  lines=("\${(@f)$(command "$cli" ${completionWord} zsh "\${words[1]:t}" "\${(@Q)words[2,CURRENT]}" 2>/dev/null </dev/null)}")
  kind=$lines[1]
  shift lines
  case $kind in
    values) compset -P 1 '--*='; _describe -t values value lines ;;
    files) compset -P 1 '--*='; _files ;;
    directories) compset -P 1 '--*='; _files -/ ;;
    command)
      local at=\${words[(i)--]}
      shift $at words
      ((CURRENT -= at))
      _normal ;;
  esac
}
if [[ $funcstack[1] == _agent_cli ]]; then _agent_cli "$@"; else compdef _agent_cli agent-cli agentd devagent; fi
`;

const fish = `# Completion of devagent, agent-cli and agentd for fish.
function __agent_cli_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l cli agent-cli
    string match -q '*/*' -- $words[1]; and set cli (string replace -r '[^/]*$' agent-cli -- $words[1])
    set -l program (string replace -r '.*/' '' -- $words[1])
    set -l lines (command $cli ${completionWord} fish $program $words[2..-1] "$current" 2>/dev/null </dev/null)
    switch "$lines[1]"
        case values
            string join -- \\n $lines[2..-1]
        case files
            complete -C"'' $current"
        case directories
            complete -C"'' $current" | string match -r '.*/$'
        case command
            set -l at (contains -i -- -- $words)
            complete -C(string join -- ' ' (string escape -- $words[(math $at + 1)..-1]) "$current")
    end
end
complete -c agent-cli -c agentd -c devagent -f -a '(__agent_cli_complete)'
`;

const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };

/** The script for a shell. */
export function completionScript(shell: Shell): string {
  return scripts[shell];
}
