# Sections queries, browser and start: what is answered from the catalog alone, and how long starting takes.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034

# Two databases that hold the same projects (catalog.c): 20 files of 'spot-0001-00?.*' at most in each.
query_peers() {
    local project=client-01/spot-0001
    peer 'list projects' "${AB[@]}" list projects
    peer 'list databases' "${AB[@]}" list databases
    peer 'fetch all' "${AB[@]}" fetch all
    peer 'fetch one project' "${AB[@]}" fetch "$project"
    command_if find 'find, few matches' find 'spot-0001-00?.0[01].blend'
    command_if find 'find, no match' find 'nothing-is-called-so'
    command_if find 'find, one of 50' find '*.00.blend' --limit 1000000000
    command_if compare 'compare one replica' compare "$project" render
    command_if compare 'compare one project' compare "$project"
    command_if compare 'compare every project' compare '*/*'
    peer 'files{} of one project' "${AB[@]}" -e "local n = 0 for _ in files{project = '$project'} do n = n + 1 end"
}

section_queries() {
    local size catalog
    for size in $catalogs; do
        catalog=$work/catalog-$size.db
        AB=("$program" --no-config --catalog "$catalog")
        sample "catalog $size files" 'made by the store' "$tools/catalog" "$catalog" "$size"
        [ "$sampled" = yes ] || continue
        note "catalog of $size files: $(stat -c %s "$catalog" | numfmt --to=si)B," \
            "$(($(stat -c %s "$catalog") / size)) bytes per file"
        cat "$catalog" >/dev/null
        group "queries $size files"
        statuses='0 4'    # compare: there are differences
        query_peers
        take_turns
        statuses=0
        rm -f "$catalog" "$catalog"-*
    done
}

# All files in one project, whose folder is opened: its entries, and what lies below each of them.
section_browser() {
    local catalog=$work/project.db size=$((files < 1000000 ? files : 1000000)) open
    open="local content = require('core.content')
        local reader <close> = assert(content.open('$catalog'))
        local folder <close> = assert(reader:folder(1, ''))
        local sums <close> = assert(reader:sums(1))
        assert(sums:ready(100))
        folder:add_sums(sums)
        folder:arrange('size')
        assert(#folder:rows(1, 50) > 0)"
    AB=("$program" --no-config --catalog "$catalog")
    sample "catalog of one project" 'made by the store' "$tools/catalog" "$catalog" $((2 * size)) 0
    [ "$sampled" = yes ] || return 0
    cat "$catalog" >/dev/null
    group "browser $size files in a project"
    peer 'open its folder, with sums' "${AB[@]}" -e "$open"
    peer 'start alone' "${AB[@]}" -e ''
    take_turns
    rm -f "$catalog" "$catalog"-*
}

section_start() {
    group start
    times=$(pick 50 10)
    peer 'lua5.4 -e' lua5.4 -e ''
    peer 'autobackup -e' "$program" -e ''
    peer 'autobackup -e, new catalog' "$program" --no-config --catalog "$work/start.db" -e ''
    take_turns
    times=1
}
