# Third-party parts (docs/decisions/0002-parts.md). Everything but Arrow comes from Debian.

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(simdjson REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tl-expected REQUIRED)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)
# gRPC, protobuf and what they stand on, linked in: as shared libraries their 45 files were a third of what
# `firn --help` took (docs/decisions/0021-grpc-from-debian.md).
pkg_check_modules(GRPC REQUIRED grpc++ protobuf)
set(_grpc_archives)
foreach(library ${GRPC_LIBRARIES})
  if(library MATCHES "^(absl_.*|address_sorting|cares|gpr|grpc|grpc\\+\\+|protobuf|re2|upb)$")
    find_library(FIRN_GRPC_${library} NAMES lib${library}.a PATHS ${GRPC_LIBRARY_DIRS} REQUIRED)
    list(APPEND _grpc_archives ${FIRN_GRPC_${library}})
  endif()
endforeach()
list(REMOVE_DUPLICATES _grpc_archives)
list(JOIN _grpc_archives "," _grpc_group)
add_library(firn_grpc INTERFACE)
target_link_libraries(firn_grpc INTERFACE "$<LINK_GROUP:RESCAN,${_grpc_group}>" OpenSSL::SSL OpenSSL::Crypto
                                          ZLIB::ZLIB Threads::Threads)
find_program(FIRN_PROTOC protoc REQUIRED)
find_program(FIRN_GRPC_PLUGIN grpc_cpp_plugin REQUIRED)

# Debian packages whose licences an installed tree carries (docs/third-party-licences.md).
set(FIRN_DEBIAN_PARTS
    libboost1.81-dev libexpected-dev nlohmann-json3-dev libcli11-dev libsimdjson-dev libfmt-dev
    libspdlog-dev libyaml-cpp-dev libcurl4-openssl-dev libssl-dev libsqlite3-dev zlib1g-dev libzstd-dev
    libisal-dev libpugixml-dev librdkafka-dev libgrpc++-dev libgrpc-dev libprotobuf-dev libabsl-dev libre2-dev libc-ares-dev)

# Arrow and Parquet C++ from the pinned wheel that `./dev setup` unpacks (tools/dev/setup.py).
set(FIRN_ARROW_DIR ${CMAKE_SOURCE_DIR}/.deps/arrow CACHE PATH "unpacked Arrow wheel")
set(_arrow ${FIRN_ARROW_DIR}/pyarrow)
if(NOT EXISTS ${_arrow}/libarrow.so.2600)
  message(FATAL_ERROR "Arrow is not unpacked in ${FIRN_ARROW_DIR}: run ./dev setup build")
endif()
foreach(part arrow parquet arrow_compute)
  add_library(Arrow::${part} SHARED IMPORTED)
  set_target_properties(
    Arrow::${part} PROPERTIES IMPORTED_LOCATION ${_arrow}/lib${part}.so.2600
                              INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${_arrow}/include)
  target_include_directories(Arrow::${part} SYSTEM INTERFACE ${_arrow}/include)
endforeach()
target_link_libraries(Arrow::parquet INTERFACE Arrow::arrow)
target_link_libraries(Arrow::arrow_compute INTERFACE Arrow::arrow)

find_package(GTest REQUIRED)
find_library(FIRN_RAPIDCHECK rapidcheck REQUIRED)
find_package(benchmark REQUIRED)

# First in every link: the linker takes the first library that has a name, and Arrow's libraries have
# copies of these (docs/decisions/0013-arrow-keeps-its-copies.md).
get_target_property(_simdjson simdjson::simdjson LOCATION)
add_link_options(-Wl,--push-state,--no-as-needed ${_simdjson} ${OPENSSL_SSL_LIBRARY} ${OPENSSL_CRYPTO_LIBRARY}
                 -Wl,--pop-state ${_grpc_archives})

# Our objects come before those libraries: of an inline function that both have (std::shared_ptr's
# count), the linker takes the first, and only ours is built for the thread sanitizer.
string(REPLACE "<LINK_FLAGS> <OBJECTS>" "<OBJECTS> <LINK_FLAGS>" CMAKE_CXX_LINK_EXECUTABLE
               "${CMAKE_CXX_LINK_EXECUTABLE}")
if(NOT CMAKE_CXX_LINK_EXECUTABLE MATCHES "<OBJECTS> <LINK_FLAGS>")
  message(FATAL_ERROR "CMake's rule for programs has changed: ${CMAKE_CXX_LINK_EXECUTABLE}")
endif()
