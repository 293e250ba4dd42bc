# Run by `cmake --install`: what the program says of itself, where man and the shells look for it.
# `firn` is the built program, `root` the folder that the tree is installed into.
execute_process(COMMAND ${firn} help --man ${root}/share/man/man1 OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
set(bash share/bash-completion/completions/firn)
set(zsh share/zsh/vendor-completions/_firn)
set(fish share/fish/vendor_completions.d/firn.fish)
foreach(shell bash zsh fish)
  execute_process(COMMAND ${firn} completion ${shell} OUTPUT_VARIABLE script COMMAND_ERROR_IS_FATAL ANY)
  file(WRITE ${root}/${${shell}} "${script}")
endforeach()
