# cmake -DOUT=file.cc -DFILES="a.yaml;b.yaml" -P embed_objects.cmake: object files as C++ literals,
# so that `firn sandbox` needs no files beside the binary.
set(text "#include \"sandbox/store/object_file.h\"\n\nnamespace firn::sandbox {\nnamespace {\n\n")
string(APPEND text "constexpr BuiltInFile kFiles[] = {\n")
string(REPLACE "|" ";" FILES "${FILES}")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} yaml)
  # Adjacent literals: compilers limit the length of one.
  string(REGEX REPLACE "\n  - {" ")yaml\"\nR\"yaml(\n  - {" yaml "${yaml}")
  string(APPEND text "    {\"${name}\", R\"yaml(${yaml})yaml\"},\n")
endforeach()
string(APPEND text "};\n\n}  // namespace\n\n")
string(APPEND text "std::span<const BuiltInFile> BuiltInObjectFiles() { return kFiles; }\n\n")
string(APPEND text "}  // namespace firn::sandbox\n")
file(WRITE ${OUT} "${text}")
