# cmake -DOUT=migrations.c -DDIR=schema -P embed.cmake: schema/NNNN_*.sql as the C array that
# controlplane/migrate.h declares. The number in front of a name is the version that the file leads to.
file(GLOB files ${DIR}/[0-9][0-9][0-9][0-9]_*.sql)
list(SORT files)
set(rows "")
set(version 0)
foreach(path IN LISTS files)
	math(EXPR version "${version} + 1")
	get_filename_component(name ${path} NAME)
	string(REGEX MATCH "^0*([1-9][0-9]*)_" number ${name})
	if(NOT CMAKE_MATCH_1 EQUAL version)
		message(FATAL_ERROR "${name}: version ${version} is missing")
	endif()
	file(READ ${path} text)
	string(REPLACE "\\" "\\\\" text "${text}")
	string(REPLACE "\"" "\\\"" text "${text}")
	string(REPLACE "\n" "\\n\"\n\t \"" text "${text}")
	string(APPEND rows "\t{\"${name}\",\n\t \"${text}\"},\n")
endforeach()
file(WRITE ${OUT} "/* Made by schema/embed.cmake. */
#include \"controlplane/migrate.h\"

const struct migration migrations[] = {
${rows}};
const int migrations_count = ${version};
")
