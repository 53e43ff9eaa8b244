# declarations.awk HEADER... - what the headers declare, without comments, one a line:
#
#     field STRUCT MEMBER      every member of every struct, in order
#     name STRUCT FIELD        its bare name
#     other DECLARATION        everything else: functions, types of functions, enumerations
{
    if ($0 !~ /^[ \t]*#/ && !directive)
        text = text $0 "\n"
    directive = ($0 ~ /\\$/ && (directive || $0 ~ /^[ \t]*#/))
}

function squeeze(s) {
    gsub(/[ \t\n]+/, " ", s)
    sub(/^ /, "", s)
    sub(/ $/, "", s)
    return s
}

# The name of a member is what stands before its array, or inside (*name).
function bare(member) {
    if (match(member, /\(\*[a-z0-9_]+\)/))
        return substr(member, RSTART + 2, RLENGTH - 3)
    sub(/\[.*/, "", member)
    sub(/.*[ *]/, "", member)
    return member
}

function members(body, name,   part, n, i, member) {
    n = split(body, part, ";")
    for (i = 1; i <= n; i++) {
        member = squeeze(part[i])
        if (member != "") {
            print "field", name, member
            print "name", name, bare(member)
        }
    }
}

function declaration(s,   name) {
    s = squeeze(s)
    if (s !~ /^typedef struct snn_[a-z0-9_]+ \{/) {
        print "other", s
        return
    }
    name = s
    sub(/^typedef struct /, "", name)
    sub(/ .*/, "", name)
    sub(/^[^{]*\{/, "", s)
    sub(/\}[^}]*$/, "", s)
    members(s, name)
}

END {
    gsub(/SNN_(BEGIN|END)_DECLS/, " ", text)
    gsub(/\/\*([^*]|\*+[^*\/])*\*+\//, " ", text)
    n = split(text, piece, ";")
    held = ""
    for (i = 1; i < n; i++) {
        held = held piece[i]
        braces = held
        opened = gsub(/\{/, "", braces)
        braces = held
        closed = gsub(/\}/, "", braces)
        if (opened > closed) {
            held = held ";"
            continue
        }
        declaration(held)
        held = ""
    }
}
