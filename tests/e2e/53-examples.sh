# Every example of `help`, README.md, config.lua.example and the comments of scripts is run, in a studio that has what they
# name (pages.sh). The tests find the examples by themselves: what none of them can run fails.
. ./pages.sh

ADVICE="mend the example, or give the studio in tests/e2e/pages.sh what it names"

wrong() { fail "$1: $ADVICE"; }    # TEXT

# A command as words in a terminal, where questions are answered with yes. What only judges may say what it found, and
# restore that it left newer work alone.
words_work() {    # WHERE EXAMPLE
    local text place
    renew
    text=$(here "$2")
    while read -r place; do mkdir -p "$place"; done < <(grep -o "$PWD/mnt/[A-Za-z0-9_-]*" <<<"$text" || :)
    [[ $text != trust* ]] || echo 'print("trusted")' >.config
    # Without the shell's own wildcards: at the prompt they are the program's.
    # shellcheck disable=SC2016    # $0 is the inner shell's
    run env PAGER=cat "$ANSWER" bash -fc "\"\$0\" $text" "$AUTOBACKUP"
    case $text:$STATUS in
        *:0 | compare*:4 | restore*:3 | check*:10 | status*:10 | exit\ *:"${text#exit }") ;;
        *) wrong "$1: \`$2\` ends with $STATUS" ;;
    esac
}

lua_works() {    # WHERE FILE
    renew
    here "$(cat "$2")" >example.lua
    ab ./example.lua
    [ "$STATUS" = 0 ] || wrong "$1 ends with $STATUS"
}

# The lines of a prompt, one after the other. What needs the whole screen is run alone.
prompt_works() {    # WHERE FILE
    local line
    sed -nE 's/^(>>>|\.\.\.) //p' "$2" | grep -vE '^explore\b' >typed
    renew
    here "$(cat typed)" >typed.here
    ab <typed.here
    [ "$STATUS" = 0 ] || wrong "$1 ends with $STATUS"
    while IFS= read -r line; do words_work "$1" "$line"; done < <(sed -nE 's/^>>> (explore\b.*)/\1/p' "$2")
    ! grep -qvE '^(>>>|\.\.\.) ' "$2" || wrong "$1 has a line without a prompt"
}

make_works() {    # WHERE FILE
    local word
    for word in $(sed 's/#.*//; s/^sudo //; s/^make //' "$2"); do
        [[ $word == *=* ]] || grep -qE "^([a-z-]+ )*$word( [a-z-]+)*:" "$REPO/Makefile" || wrong "$1: make has no $word"
    done
}

block_works() {    # WHERE FILE
    local line
    case $(kind_of "$2") in
        prompt) prompt_works "$1" "$2" ;;
        make) make_works "$1" "$2" ;;
        shell) while IFS= read -r line; do words_work "$1" "${line#autobackup }"; done <"$2" ;;
        lua) lua_works "$1" "$2" ;;
        cron | systemd) ;;    # 52-cron.sh
        *) wrong "$1: no test knows how to run this block (write '<!-- no example: WHY -->' before it if it is none)" ;;
    esac
}

page_works() {    # PAGE
    local block
    blocks "$1" blocks
    for block in $(ls blocks | sort -n); do block_works "${1##*/}:$block" "blocks/$block"; done
}

# Commands in the text: `autobackup list projects`. Forms with a word in capitals that is no name, or [...], are none.
spans() {    # PAGE
    awk '/^```/ { fenced = !fenced } !fenced' "$1" | grep -oE '`(autobackup|for) [^`]*`' | tr -d '`' |
        grep -vE '\b(FILE|OPERATION|COMMAND|CLIENT|PROJECT|CATEGORY)\b|\[|\.\.\.|[<>]' | sort -u
}

# The startup file of config.lua.example, and a comment in it that is Lua: each with its two hyphens taken away.
commented_code() {    # FILE
    local number line
    while IFS=: read -r number line; do
        line=${line#-- }
        [[ $line != *[=\(]* ]] || ! luac5.4 -p - <<<"$line" 2>/dev/null || echo "$number"
    done < <(grep -n '^-- ' "$1")
}

startup_file() {    # [NUMBER]: with the comment in that line made code
    mkdir -p "$HOME/.config/autobackup"
    here "$(sed "${1:+$1s/^-- //}" "$REPO/config.lua.example")" >"$HOME/.config/autobackup/config.lua"
}

help_works() {    # PATTERN: the examples of the commands whose names match
    local name example
    examples_studio
    startup_file
    rm -rf home.template && cp -a "$HOME" home.template
    ok help --json
    json 'o.command' | { grep -E "^$1" || :; } >names
    while read -r name; do
        ok help "$name" --json
        json 'o.examples and table.concat(o.examples, "\n")' >examples
        [ -s examples ] || fail "help $name has no examples"
        while IFS= read -r example; do words_work "help $name" "$example"; done <examples
    done <names
}

# In parts, because each example takes some time; the last takes what no other does.
test_help_a_and_b() { help_works '[ab]'; }
test_help_c() { help_works 'c'; }
test_help_d_and_e() { help_works '[de]'; }
test_help_f() { help_works 'f'; }
test_help_g_to_k() { help_works '[g-k]'; }
test_help_l_to_o() { help_works '[l-o]'; }
test_help_p_to_r() { help_works '[p-r]'; }
test_help_s_to_z() { help_works '[^a-r]'; }

test_the_readme() {
    local line
    examples_studio
    page_works "$REPO/README.md"
    spans "$REPO/README.md" >spans
    [ -s spans ] || fail "no commands in the text"
    while IFS= read -r line; do
        case $line in
            autobackup\ *) words_work "README.md" "${line#autobackup }" ;;
            *) echo "$line" >span.lua; lua_works "README.md: $line" span.lua ;;
        esac
    done <spans
}

test_what_the_example_of_a_startup_file_leaves_out() {
    local number
    examples_studio
    commented_code "$REPO/config.lua.example" >numbers
    [ -s numbers ] || fail "nothing found"
    while read -r number; do
        renew
        startup_file "$number"
        ab fetch acme
        [ "$STATUS" = 0 ] || wrong "config.lua.example:$number"
    done <numbers
}

# In the comments of scripts, what is indented behind a line that ends in a colon is to be typed.
test_the_scripts() {
    local page number line
    examples_studio
    for page in "$REPO"/scripts/*.lua; do
        while IFS=: read -r number line; do
            ! grep -qE "$CRON" <<<"$line" || continue    # 52-cron.sh
            [[ $line == *" autobackup "* ]] || wrong "${page##*/}:$number: no test knows how to run: $line"
            words_work "${page##*/}:$number" "${line#*autobackup }"
        done < <(awk '/^-- {4,}/ && typed { print FNR ":" $0; next } { typed = /^-- .*:$/ }' "$page")
    done
}

# The tests above can fail: each of these is planted, and must be found.
must_fail() {    # WHAT COMMAND...
    local what=$1
    shift
    ! ("$@") >planted 2>&1 || fail "not found: $what"
    grep -qF "$ADVICE" planted || fail "$what: no advice: $(cat planted)"
}

test_a_wrong_example_is_found() {
    examples_studio
    printf 'text\n\n    >>> copy acme/nobody render WORK NAS\n' >prompt.md
    must_fail "a prompt" page_works prompt.md
    rm -r blocks
    printf 'text\n\n    something else to do\n' >other.md
    must_fail "a block of no kind" page_works other.md
    rm -r blocks
    printf 'text\n\n    copy("acme/nobody", "render", "WORK", "NAS")\n' >lua.md
    must_fail "Lua" page_works lua.md
    rm -r blocks
    printf 'text\n\n    make deps nosuch\n' >make.md
    must_fail "a target" page_works make.md
    rm -r blocks
    printf '<!-- no example: a picture -->\n\n    something\n\ntext\n\n    >>> fetch acme\n    >>> explore acme/spot\n' >good.md
    page_works good.md
    must_fail "words" words_work help "copy acme/nobody render WORK NAS"
    must_fail "a command that asks for more" words_work help "copy acme/spot"
}
