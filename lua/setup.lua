--- Adding databases and categories: what may be added, and which disk is which.
local fs = require "core.fs"
local consent = require "autobackup.consent"
local as_typed = require "autobackup.view.typed"
local errors = require "autobackup.errors"
local locate = require "autobackup.locate"
local mounts = require "autobackup.mounts"
local size = require "autobackup.view.size"
local traits = require "autobackup.traits"

local M = {}

local READ_ONLY = {EROFS = true, EACCES = true, EPERM = true}

local function base_of(session)
    return session.mode == "config" and session.config_dir or errors.check(fs.getcwd())
end

local function warn(session, notes, text)
    if session.mode == "config" then
        session:warn(text)
    else
        notes[#notes + 1] = text
    end
end

-- Two category folders of two databases that are one folder, or lie one in the other, would be counted twice and
-- copied into themselves.
local function collision(a, b, categories)
    for _, one in ipairs(categories) do
        for _, other in ipairs(categories) do
            if locate.overlap(locate.join(a.real, one.path), locate.join(b.real, other.path)) then
                return one.category, other.category
            end
        end
    end
end

local function real(path)
    return fs.realpath(path) or path
end

local function refuse_collision(a, b, categories)
    local one, other = collision(a, b, categories)
    if one then
        errors.raise("EINVAL", ("%s of %s and %s of %s would be the same folder or lie one in the other: "
            .. "choose another root or category path"):format(one, a.database, other, b.database), {path = a.path})
    end
end

local function check_nesting(session, name, path, notes)
    local new, categories = {database = name, path = path, real = real(path)}, session.catalog:categories()
    for _, other in ipairs(session.catalog:databases()) do
        other.real = other.database ~= name and real(other.path)
        if other.real and other.real ~= new.real and locate.overlap(new.real, other.real) then
            refuse_collision(new, other, categories)
            warn(session, notes, ("%s and %s lie one in the other (%s, %s): one broken disk takes both"):format(
                name, other.database, path, other.path))
        end
    end
end

-- What is at a database's root. nil, message, code when there is no folder.
local function look(path)
    local stat, message, code = fs.stat(path)
    if not stat then
        return nil, message, code
    elseif stat.kind ~= "directory" then
        return nil, "ENOTDIR: not a folder: " .. path, "ENOTDIR"
    end
    return fs.identity(path)
end

-- Whether a root may be a mount point without its disk: nobody has put anything there.
local function is_bare(path, seen)
    return not seen.marker and mounts.is_empty(path)
end

local function refuse_unplugged(known, advice)
    errors.raise("EOFFLINE", ("%s's disk is not mounted at %s: plug it in%s"):format(known.database, known.path,
        advice or ""), {path = known.path})
end

local function look_typed(path, known)
    local seen, message, code = look(path)
    if not seen and code == "ENOENT" and known and known.identity and known.path == path then
        refuse_unplugged(known)
    elseif not seen then
        errors.raise(code, message .. "; a database's root must be a folder that is there", {path = path})
    end
    return seen
end

-- In a startup file an empty folder is taken for a mount point without its disk.
local function look_at_start(path)
    local seen, message, code = look(path)
    if seen and is_bare(path, seen) then
        return nil, "the folder is empty: " .. path, "EOFFLINE"
    end
    return seen, message, code
end

local function refuse_known_disk(session, seen, name, path)
    local other = session.catalog:database_of_identity(seen.id)
    if other and other.database ~= name then
        errors.raise("EEXIST", ("%s is the disk of database %s (%s): one disk cannot be two databases; 'remove "
            .. "database %s' first, or, when it is a clone of that disk, delete %s/.autobackup/database.json")
            :format(path, other.database, other.path, other.database, path), {path = path})
    end
end

-- What is typed to give a name that is known another path.
local function replacing(kind, name, path)
    return as_typed.line("add", kind, name, path) .. " --replace"
end

local function refuse_other_disk(known, seen, replace)
    if not known or not known.identity or known.identity == seen.id or replace then
        return
    end
    local how = ("'%s' takes "):format(replacing("database", known.database, known.path))
    if is_bare(known.path, seen) then
        refuse_unplugged(known)
    elseif not seen.marker then
        refuse_unplugged(known, "; if what is there now shall be it, " .. how .. "it")
    end
    errors.raise("EEXIST", ("another disk than the one known as %s is at %s; %sthe new one"):format(
        known.database, known.path, how), {path = known.path})
end

local function require_yes(session, options, reason, question)
    if options.yes then
        return
    elseif not session.interactive then
        errors.raise("ECONFIRM", reason .. "; plug it in, or say --yes to use the empty folder")
    elseif not session:confirm(("%s. %s"):format(reason, question)) then
        errors.raise("ECANCELED", "nothing was changed")
    end
end

-- A marker in an empty mount point would make the folder below the disk the database.
local function check_mounted(session, known, name, path, seen, options)
    if not is_bare(path, seen) or known and known.identity == seen.id then
        return
    end
    local total = known and session.catalog:totals()[known.id]
    if total and total.replicas > 0 then
        local lost = ("what is known of %s (%s, %s)"):format(name, size.plural(total.replicas, "replica"),
            size.size(total.bytes))
        require_yes(session, options, ("%s is empty, as if %s's disk were not mounted there; to take it would "
            .. "forget %s"):format(path, name, lost), "Take it all the same?")
    elseif mounts.is_idle(path) then
        require_yes(session, options, path .. " is an empty mount point: nothing is mounted there",
            "Use the empty folder itself?")
    end
end

-- Write the marker where none is yet and it can be written.
local function mark(session, name, path, seen, notes)
    if seen.marker then
        return seen
    end
    local id, message, code = fs.mark(path, name)
    if id then
        return errors.check(fs.identity(path))
    elseif READ_ONLY[code] then
        warn(session, notes, ("no marker could be written to %s (%s): %s is recognised by its filesystem"):format(
            path, code, name))
        return seen
    end
    errors.raise(code, message, {path = path})
end

local function fields_of(path, seen)
    return {path = path, identity = seen.id, fs_type = seen.fs_type, granularity = seen.granularity}
end

-- What is typed may write to the disk; a disk that cannot be written is added all the same.
local function measure(session, name)
    local database = session.mode ~= "config" and session.catalog:database(name)
    if database and database.identity then
        traits.ensure(session, database)
    end
end

-- nil: another process added the name just now.
local function store(session, known, name, path, seen, same_disk, notes)
    if not known then
        local fields = fields_of(path, seen)
        fields.name = name
        return session.catalog:add_database(fields) and "added"
    elseif known.path == path and known.identity == seen.id then
        return "unchanged"
    end
    local forget = known.identity ~= nil and not same_disk
    session.catalog:set_database(known.id, fields_of(path, seen), forget)
    if forget and known.loaded_at then
        warn(session, notes, ("what was known of the disk before is forgotten; 'load %s' reads this one"):format(
            name))
    end
    return "changed"
end

local function add_offline(session, known, name, path, reason, notes)
    if known then    -- whether it is the disk that is known shows when it is there
        session.catalog:set_database(known.id, {path = path, identity = known.identity, fs_type = known.fs_type,
            granularity = known.granularity}, false)
    elseif not session.catalog:add_database{name = name, path = path} then
        return nil
    end
    warn(session, notes, ("%s is offline (%s); it is registered, 'load %s' reads it when its disk is there")
        :format(name, reason:match("^E%u+: (.*)") or reason, name))
    return known and "changed" or "added"
end

-- A line of the startup file whose path a typed choice took the place of: the choice counts, until the line
-- changes.
local function is_overruled(session, kind, name, path, known_path)
    if session.mode ~= "config" or not session.catalog:is_replaced(kind, name, path) then
        return false
    end
    session:warn(("%s says that %s is %s, but '%s' was said since, and counts: change that line"):format(
        session:place(), name, path, replacing(kind, name, known_path)))
    return true
end

-- A line of the startup file that was changed moves a database to where its disk is.
local function moves_by_line(session, known, path)
    local seen = look_at_start(path)
    if seen and known.identity and seen.id ~= known.identity then
        errors.raise("EEXIST", ("another disk than the one known as %s is at %s; '%s' takes it"):format(
            known.database, path, replacing("database", known.database, path)), {path = path})
    elseif not seen and locate.online(known) then
        session:warn(("%s says that %s is at %s, where nothing is plugged in; it is at %s, and stays: "
            .. "change that line")
            :format(session:place(), known.database, path, known.path))
        return false
    end
    return true
end

-- Whether a name that is known is to get this path.
local function check_path(session, known, path, replace)
    if replace then
        return true
    elseif session.mode == "config" then
        return not is_overruled(session, "database", known.database, path, known.path)
            and moves_by_line(session, known, path)
    end
    errors.raise("EEXIST", ("%s is the database at %s; '%s' moves it"):format(known.database, known.path,
        replacing("database", known.database, path)), {path = path})
end

-- A path that was typed is not taken back by the startup file's line with the one before.
local function note_choice(session, kind, name, old, new)
    if session.mode == "config" then
        session.catalog:forget_replaced(kind, name)
    elseif old ~= new then
        session.catalog:replace_path(kind, name, old, new)
    end
end

--- Add a database, or find that it is there already.
-- @param session its mode decides: "config" is the startup file (design, section 6)
-- @param name of the database
-- @param typed its root, ~ and relative paths allowed
-- @param options {replace = whether a name that is taken may get another path or disk, yes = whether an empty
--        folder that looks like a mount point without its disk may be taken, without a question}
-- @return its catalog row, "added", "changed" or "unchanged", and notes (list of texts); raises
function M.add_database(session, name, typed, options)
    local path, notes = locate.absolute(typed, base_of(session)), {}
    local known = session.catalog:database(name)
    if known and known.path == path and session.mode == "config" then
        session.catalog:forget_replaced("database", name)
        return known, "unchanged", notes
    elseif known and known.path ~= path and not check_path(session, known, path, options.replace) then
        return known, "unchanged", notes
    end
    local seen, reason
    if session.mode == "config" then
        seen, reason = look_at_start(path)
    else
        seen = look_typed(path, known)
    end
    local action
    if seen then
        refuse_known_disk(session, seen, name, path)
        refuse_other_disk(known and known.path == path and known, seen, options.replace)
        check_mounted(session, known, name, path, seen, options)
        check_nesting(session, name, path, notes)
        local marked = mark(session, name, path, seen, notes)
        local same_disk = known and (known.identity == seen.id or known.identity == marked.id)
        action = store(session, known, name, path, marked, same_disk, notes)
        measure(session, name)
    else
        check_nesting(session, name, path, notes)
        action = add_offline(session, known, name, path, reason, notes)
    end
    if not action then    -- now it is known
        return M.add_database(session, name, typed, options)
    elseif known then
        note_choice(session, "database", name, known.path, path)
    end
    return session.catalog:database(name), action, notes
end

--- A category's path as it may be registered. Pure.
-- @param typed text
-- @return the path without slashes at its ends, or nil and why not
function M.category_path(typed)
    if typed:sub(1, 1) == "/" or typed:sub(1, 1) == "~" then
        return nil, "it must be relative: the same folder below every database's root"
    end
    local path = locate.tidy(typed)
    if path == "" then
        return nil, "it must name a folder below the databases' roots"
    elseif ("/" .. path .. "/"):find("/../", 1, true) then
        return nil, "it must not contain '..'"
    elseif ("/" .. path):find("/.autobackup", 1, true) then
        return nil, "names that begin with .autobackup are the program's own"
    end
    return path
end

local function check_category_nesting(session, name, path)
    local categories = {}
    for _, other in ipairs(session.catalog:categories()) do
        if other.category ~= name then
            categories[#categories + 1] = other
            if locate.overlap(other.path, path) then
                errors.raise("EINVAL", ("category path %s and that of %s (%s) lie one in the other: choose "
                    .. "another"):format(path, other.category, other.path))
            end
        end
    end
    categories[#categories + 1] = {category = name, path = path}
    local databases = session.catalog:databases()
    for i, one in ipairs(databases) do
        one.real = real(one.path)
        for j = 1, i - 1 do
            if locate.overlap(one.real, databases[j].real) then
                refuse_collision(one, databases[j], categories)
            end
        end
    end
end

-- What verify found in its replicas, and the digests of their files, are known nowhere else.
local function ask_category(session, known, path, options)
    local count = #session.catalog:replicas{category = known.category}
    if count > 0 then
        consent.require(session, options, {
            what = ("add category %s %s --replace would forget what is known of %s in %s, digests and damage too")
                :format(known.category, path, size.plural(count, "replica"), known.path),
            question = ("Shall %s be %s from now on?"):format(known.category, path),
            kept = ("%s stays %s"):format(known.category, known.path),
        })
    end
end

--- Add a category, or find that it is there already.
-- @param session, name as above
-- @param typed its path below every database's root
-- @param options {replace = whether a name that is taken may get another path, yes = whether that was agreed to}
-- @return its catalog row, "added", "changed" or "unchanged", and notes; raises
function M.add_category(session, name, typed, options)
    local path, reason = M.category_path(typed)
    if not path then
        errors.raise("EINVAL", ("category path '%s' cannot be used: %s"):format(typed, reason))
    end
    local known = session.catalog:category(name)
    if known and known.path == path then
        note_choice(session, "category", name, path, path)
        return known, "unchanged", {}
    elseif known and not options.replace and is_overruled(session, "category", name, path, known.path) then
        return known, "unchanged", {}
    elseif known and not options.replace then
        errors.raise("EEXIST", ("category %s is %s; '%s' changes it"):format(name, known.path,
            replacing("category", name, path)))
    end
    check_category_nesting(session, name, path)
    if known and session.mode ~= "config" then
        ask_category(session, known, path, options)
    end
    if not known then
        local row = session.catalog:add_category(name, path)
        if not row then    -- another process added it just now
            return M.add_category(session, name, typed, options)
        end
        return row, "added", {}
    end
    session.catalog:set_category(name, path)
    note_choice(session, "category", name, known.path, path)
    local notes = {}
    warn(session, notes, ("what was known of %s is forgotten; 'load' reads it at its new place"):format(name))
    return session.catalog:category(name), "changed", notes
end

return M
