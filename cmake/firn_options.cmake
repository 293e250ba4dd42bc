# Compiler flags, sanitizers, ccache and mold: everything that holds for every target.

set(FIRN_SANITIZE "" CACHE STRING "address,undefined | thread | fuzzer | empty")

find_program(FIRN_CCACHE ccache)
if(FIRN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Worktrees of one project share the cache: paths below the source tree are made relative.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${FIRN_CCACHE})
endif()

find_program(FIRN_MOLD mold)
if(FIRN_MOLD AND NOT FIRN_SANITIZE STREQUAL "fuzzer")
  add_link_options(-fuse-ld=mold)
endif()

set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")

add_compile_options(-Wall -Wextra -Wno-missing-field-initializers -Wnon-virtual-dtor -Woverloaded-virtual
                    -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wshadow=local)
  # GCC 12 reports false positives of these three in inlined standard library code (GCC bugs
  # 105329, 105562, 107138).
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow)
endif()

if(FIRN_SANITIZE STREQUAL "fuzzer")
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined)
  # Clang warns of std::stable_sort in libstdc++ 12 (it asks for a temporary buffer).
  add_compile_options(-Wno-deprecated-declarations)
  add_link_options(-fsanitize=address,undefined)
elseif(FIRN_SANITIZE)
  add_compile_options(-fsanitize=${FIRN_SANITIZE} -fno-omit-frame-pointer)
  if(NOT FIRN_SANITIZE STREQUAL "thread")
    add_compile_options(-fno-sanitize-recover=undefined)
  elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio's fences; the sanitizer sees the mutexes and atomics beside them.
    add_compile_options(-Wno-tsan)
  endif()
  add_link_options(-fsanitize=${FIRN_SANITIZE})
endif()
