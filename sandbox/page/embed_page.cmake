# cmake -DOUT=file.cc -DFILE=index.html -P embed_page.cmake: the page at `/` as C++ literals.
file(READ ${FILE} html)
# Adjacent literals: compilers limit the length of one.
string(REPLACE "\n<script>" ")html\"\nR\"html(\n<script>" html "${html}")
string(REPLACE "\nfunction " ")html\"\nR\"html(\nfunction " html "${html}")
string(CONCAT text "#include \"sandbox/life/admin.h\"\n\nnamespace firn::sandbox {\n\n"
       "std::string_view PageHtml() { return R\"html(${html})html\"; }\n\n}  // namespace firn::sandbox\n")
file(WRITE ${OUT} "${text}")
