// The scripts of shells: they ask the program and show what it answers. Sources: Bash Reference
// Manual, "Programmable Completion"; zshcompsys(1), "compdef", "_describe"; fish, "complete"; read
// 2026-11.
#include "app/cli/complete.h"

namespace firn::cli {
namespace {

constexpr std::string_view kBash =
    R"(# bash completion for firn; load it with: source <(firn completion bash)
_firn() {
  local line more=""
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :*) more="${line#:}" ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  local word="${COMP_WORDS[COMP_CWORD]}"
  [[ "$word" == "=" ]] && word=""
  case "$more" in
    files) compopt -o filenames; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word") ;;
    folders) compopt -o filenames; mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$word") ;;
  esac
}
complete -F _firn firn
)";

constexpr std::string_view kZsh = R"(#compdef firn
# zsh completion for firn; load it with: source <(firn completion zsh)
_firn() {
  local line more="" word help
  local -a found
  for line in "${(@f)$(${words[1]} __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "$line" in
      :*) more="${line#:}" ;;
      *)
        word="${line%%$'\t'*}"
        help="${line#*$'\t'}"
        [[ "$help" == "$line" ]] && help=""
        found+=("${word//:/\\:}:${help}")
        ;;
    esac
  done
  (( ${#found} )) && _describe 'firn' found
  case "$more" in
    files) _files ;;
    folders) _files -/ ;;
  esac
}
if [[ "${funcstack[1]}" == "_firn" ]]; then
  _firn "$@"
else
  compdef _firn firn
fi
)";

constexpr std::string_view kFish =
    R"(# fish completion for firn; load it with: firn completion fish | source
function __firn_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
        switch $line
            case ':files'
                __fish_complete_path (commandline -ct)
            case ':folders'
                __fish_complete_directories (commandline -ct)
            case ':'
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c firn -f -a '(__firn_complete)'
)";

}  // namespace

std::string CompletionScript(std::string_view shell) {
  if (shell == "bash") return std::string(kBash);
  if (shell == "zsh") return std::string(kZsh);
  if (shell == "fish") return std::string(kFish);
  return "";
}

}  // namespace firn::cli
