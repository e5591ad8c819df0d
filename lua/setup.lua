--- Adding databases: what may be added, and which disk is which. A marker is written by an `add` that was typed and by
-- nothing else, after saying on which device.
local apart = require "autobackup.apart"
local core_disk = require "core.disk"
local fs = require "core.fs"
local as_typed = require "autobackup.view.typed"
local errors = require "autobackup.errors"
local locate = require "autobackup.locate"
local mounts = require "autobackup.mounts"
local registering = require "autobackup.registering"
local size = require "autobackup.view.size"
local traits = require "autobackup.traits"

local M = {}

local READ_ONLY = {EROFS = true, EACCES = true, EPERM = true}

local warn = registering.warn

local function base_of(session)
    return session.mode == "config" and session.config_dir or errors.check(fs.getcwd())
end

local function check_nesting(session, name, path, notes)
    local new = {database = name, path = path, real = registering.real(path)}
    local categories = session.catalog:categories()
    for _, other in ipairs(session.catalog:databases()) do
        other.real = other.database ~= name and registering.real(other.path)
        if other.real and other.real ~= new.real and locate.overlap(new.real, other.real) then
            registering.refuse_collision(new, other, categories)
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
    return core_disk.identity(path)
end

local function refuse_unplugged(known, advice)
    errors.raise("EOFFLINE", ("%s's disk is not mounted at %s: plug it in%s"):format(known.database, known.path,
        advice or ""), {path = known.path})
end

local function registered(known)
    return known and (known.home or known.path)
end

local function look_typed(path, known)
    local seen, message, code = look(path)
    if not seen and code == "ENOENT" and known and known.identity and registered(known) == path then
        refuse_unplugged(known)
    elseif not seen then
        errors.raise(code, message .. "; a database's root must be a folder that is there", {path = path})
    end
    return seen
end

-- A startup file takes what has a marker: of all else it cannot be known whether it is the disk or the folder below
-- its mount point.
local function look_at_start(path, name)
    local seen, message, code = look(path)
    if not seen or seen.marker then
        return seen, message, code
    elseif mounts.missing(path) then
        return nil, mounts.missing(path), "EOFFLINE"
    elseif mounts.is_empty(path) then
        return nil, "the folder is empty: " .. path, "EOFFLINE"
    end
    return nil, ("%s has no marker yet: '%s', typed once, gives it one"):format(path,
        as_typed.line("add", "database", name, path)), "EOFFLINE"
end

local function is_same_folder(a, b)
    local one, other = fs.stat(a), fs.stat(b)
    return one and other and one.dev == other.dev and one.ino == other.ino
end

-- A marker that is known stands for one disk: what is another one with it was copied from that one.
local function refuse_known_disk(session, seen, name, path, options)
    local other = seen.id and session.catalog:database_of_identity(seen.id)
    if not other or other.database == name then
        return
    end
    local is_copy = core_disk.compare(other.identity, seen.id) == "clone"
        or not is_same_folder(path, other.path) and locate.online(other)
    local anew = as_typed.line("add", "database", name, path) .. " --new-identity"
    if is_copy and options.new_identity then
        return
    elseif is_copy then
        errors.raise("EEXIST", ("%s has %s of database %s (%s), so it was copied from it: '%s' makes it a "
            .. "disk of its own"):format(path, seen.marker and "the marker" or "the filesystem", other.database,
            other.path, anew), {path = path})
    end
    local is_itself = is_same_folder(path, other.path)
    errors.raise("EEXIST", ("%s is the disk of database %s (%s): one disk cannot be two databases; 'remove "
        .. "database %s' first%s"):format(path, other.database, other.path, other.database, is_itself and "" or
        (", or, when it is a copy of that disk, plug in both and say '%s'"):format(anew)), {path = path})
end

local function is_known_disk(known, seen)
    return known.identity ~= nil and seen.id ~= nil and core_disk.compare(known.identity, seen.id) == "same"
end

local function refuse_other_disk(known, seen, options)
    if not known or not known.identity or is_known_disk(known, seen) or options.replace then
        return
    end
    local how = ("'%s' takes "):format(registering.replacing("database", known.database, known.path))
    if not seen.marker and mounts.is_empty(known.path) then
        refuse_unplugged(known)
    elseif not seen.marker then
        refuse_unplugged(known, "; if what is there now shall be it, " .. how .. "it")
    elseif core_disk.compare(known.identity, seen.id) == "clone" then
        errors.raise("EEXIST", ("a copy of %s's disk, on another filesystem, is at %s; %sit in the other's place")
            :format(known.database, known.path, how), {path = known.path})
    end
    errors.raise("EEXIST", ("another disk than the one known as %s is at %s; %sthe new one"):format(
        known.database, known.path, how), {path = known.path})
end

local function require_yes(session, options, reason, question)
    if options.yes then
        return
    elseif not session.interactive then
        errors.raise("ECONFIRM", reason .. "; plug it in, or say --yes to use the folder that is there")
    elseif not session:confirm(("%s. %s"):format(reason, question)) then
        errors.raise("ECANCELED", "nothing was changed")
    end
end

-- Whether nothing of the categories is there.
local function has_no_category(session, path)
    for _, category in ipairs(session.catalog:categories()) do
        if fs.stat(locate.join(path, category.path)) then
            return false
        end
    end
    return true
end

-- A marker in a mount point without its disk would make the folder below the disk the database.
local function check_mounted(session, known, name, path, seen, options)
    if seen.marker or known and is_known_disk(known, seen) then
        return
    end
    local total = known and session.catalog:totals()[known.id]
    local wanted = mounts.missing(path)
    if total and total.replicas > 0 and has_no_category(session, path) then
        local lost = ("what is known of %s (%s, %s)"):format(name, size.plural(total.replicas, "replica"),
            size.size(total.bytes))
        require_yes(session, options, ("%s is empty, as if %s's disk were not mounted there; to take it would "
            .. "forget %s"):format(path, name, lost), "Take it all the same?")
    elseif wanted then
        require_yes(session, options, wanted, "Use the folder itself?")
    elseif mounts.is_idle(path) and has_no_category(session, path) then
        require_yes(session, options, path .. " is an empty mount point: nothing is mounted there",
            "Use the empty folder itself?")
    end
end

-- "/dev/sdb1 (ext4 'NAS', 4.0 TB)"
local function device_text(seen, path)
    local label = seen.label and (" '%s'"):format(seen.label) or ""
    local room = seen.size and ", " .. size.size(seen.size) or ""
    local stat, system = fs.stat(path), fs.stat("/")
    local whose = stat and system and stat.dev == system.dev and ", which the system is on" or ""
    return ("%s (%s%s%s)%s"):format(seen.device or "no device", seen.type or seen.fs_type, label, room, whose)
end

-- Write the marker where none is yet and it can be written.
local function mark(session, name, path, seen, options, notes)
    if seen.marker and not options.new_identity or session.mode == "config" then
        return seen
    end
    session:note(("%s: %s is on %s"):format(name, path, device_text(seen, path)))
    local done, message, code = core_disk.mark(path, name, options.new_identity)
    if done or code == "EEXIST" then    -- another program's, just now: it is the disk's
        return errors.check(core_disk.identity(path))
    elseif not READ_ONLY[code] then
        errors.raise(code, message, {path = path})
    elseif seen.marker or not seen.id then
        errors.raise(code, ("no marker could be written to %s (%s)%s"):format(path, code, seen.marker and "" or
            ", and nothing tells its filesystem from another one: make it writable once, or put it on one "
            .. "with a UUID"), {path = path})
    end
    warn(session, notes, ("no marker could be written to %s (%s): %s is recognised by its filesystem"):format(
        path, code, name))
    return seen
end

local function fields_of(path, seen)
    return {path = path, identity = seen.id, place = seen.place, fs_type = seen.fs_type,
        granularity = seen.granularity}
end

-- What is typed may write to the disk; a disk that cannot be written is added all the same, and what that leaves open is
-- said.
local function measure(session, name, notes)
    local database = session.mode ~= "config" and session.catalog:database(name)
    if not database or not database.identity then
        return
    end
    local is_known, code = traits.ensure(session, database)
    if not is_known then
        warn(session, notes, traits.unmeasured(database, code))
    end
    local is_online = apart.prober(session.catalog)
    for _, category in ipairs(session.catalog:categories()) do
        local is_done, why = true, nil
        if is_online(database, category) == true then
            is_done, why = traits.ensure(session, database, category)
        end
        if not is_done then
            warn(session, notes, ("%s of %s lies on a disk of its own, which cannot be written (%s): what that "
                .. "keeps is not measured"):format(category.category, name, why))
        end
    end
end

-- nil: another process added the name, or the disk, just now.
local function store(session, known, name, path, seen, same_disk, notes)
    if not known then
        local fields = fields_of(path, seen)
        fields.name = name
        return session.catalog:add_database(fields) and "added"
    elseif registered(known) == path and known.path == path and known.identity == seen.id then
        return "unchanged"
    end
    local forget = known.identity ~= nil and not same_disk
    if not session.catalog:set_database(known.id, fields_of(path, seen), forget) then
        return nil
    elseif forget and known.loaded_at then
        warn(session, notes, ("what was known of the disk before is forgotten; 'load %s' reads this one"):format(
            name))
    end
    return "changed"
end

local function add_offline(session, known, name, path, reason, notes)
    if known then    -- whether it is the disk that is known shows when it is there
        session.catalog:set_database(known.id, {path = path, identity = known.identity, place = known.place,
            fs_type = known.fs_type, granularity = known.granularity}, false)
    elseif not session.catalog:add_database{name = name, path = path} then
        return nil
    end
    warn(session, notes, ("%s is offline (%s); it is registered, 'load %s' reads it when its disk is there")
        :format(name, reason:match("^E%u+: (.*)") or reason, name))
    return known and "changed" or "added"
end

-- A line of the startup file that was changed moves a database to where its disk is.
local function moves_by_line(session, known, path)
    local seen = look_at_start(path, known.database)
    if seen and known.identity and not is_known_disk(known, seen) then
        errors.raise("EEXIST", ("another disk than the one known as %s is at %s; '%s' takes it"):format(
            known.database, path, registering.replacing("database", known.database, path)), {path = path})
    elseif not seen and locate.online(known) then
        session:warn(("%s says that %s is at %s, where nothing is plugged in; it is at %s, and stays: "
            .. "change that line"):format(session:place(), known.database, path, known.path))
        return false
    end
    return true
end

-- Whether a name that is known is to get this path.
local function check_path(session, known, path, replace)
    if replace or path == known.path then    -- where its disk was found
        return true
    elseif session.mode == "config" then
        return not registering.is_overruled(session, "database", known.database, path, registered(known))
            and moves_by_line(session, known, path)
    end
    errors.raise("EEXIST", ("%s is the database at %s; '%s' moves it"):format(known.database, known.path,
        registering.replacing("database", known.database, path)), {path = path})
end

-- One that no marker could be written to would stay the other for ever.
local function refuse_unmarked_copy(session, name, path, marked)
    local other = not marked.marker and marked.id and session.catalog:database_of_identity(marked.id)
    if other and other.database ~= name then
        errors.raise("EEXIST", ("%s cannot be written, and without a marker nothing tells it from database %s "
            .. "(%s): make it writable once"):format(path, other.database, other.path), {path = path})
    end
end

local function take(session, known, name, path, seen, options, notes)
    refuse_known_disk(session, seen, name, path, options)
    refuse_other_disk(registered(known) == path and known, seen, options)
    check_mounted(session, known, name, path, seen, options)
    check_nesting(session, name, path, notes)
    local marked = mark(session, name, path, seen, options, notes)
    refuse_unmarked_copy(session, name, path, marked)
    local same_disk = known and (is_known_disk(known, seen) or is_known_disk(known, marked))
    local action = store(session, known, name, path, marked, same_disk, notes)
    measure(session, name, notes)
    return action
end

--- Add a database, or find that it is there already.
-- @param session its mode decides: "config" is the startup file (design, section 6)
-- @param name of the database
-- @param typed its root, ~ and relative paths allowed
-- @param options {replace = whether a name that is taken may get another path or disk, yes = whether a folder that
--        looks like a mount point without its disk may be taken, without a question, new_identity = whether a disk
--        that was copied from a database gets a marker of its own}
-- @return its catalog row, "added", "changed" or "unchanged", and notes (list of texts); raises
function M.add_database(session, name, typed, options)
    local path, notes = locate.absolute(typed, base_of(session)), {}
    local known = session.catalog:database(name)
    if registered(known) == path and session.mode == "config" then
        session.catalog:forget_replaced("database", name)
        return known, "unchanged", notes
    elseif known and registered(known) ~= path and not check_path(session, known, path, options.replace) then
        return known, "unchanged", notes
    end
    local seen, reason
    if session.mode == "config" then
        seen, reason = look_at_start(path, name)
    else
        seen = look_typed(path, known)
    end
    local action
    if seen then
        action = take(session, known, name, path, seen, options, notes)
    else
        check_nesting(session, name, path, notes)
        action = add_offline(session, known, name, path, reason, notes)
    end
    if not action then    -- now it is known
        return M.add_database(session, name, typed, options)
    elseif known then
        registering.note_choice(session, "database", name, registered(known), path)
    end
    return session.catalog:database(name), action, notes
end

return M
