--- The names that people give: databases, categories, clients and projects, as types of arguments (types.lua).
--
-- A name is always itself: one that is known is taken as it is, whatever characters it holds. A pattern is a
-- value of its own (glob.lua), or a typed word with * or ? outside of quotes that is no name. What is neither may
-- be a path, a project's own name, or a name in other letters' case, where only one thing can be meant
-- (guess.lua).
--
-- The check functions take a fourth value: nil for a value of Lua, else how the word was typed: {pattern = what it
-- may be as a pattern, literal = whether it begins with a quote}. Those of projects return a fourth one: what a
-- path says besides, {category=, database=}.

local core_text = require "core.text"
local lazy = require "autobackup.lazy"
local coverage = lazy "autobackup.coverage"
local glob = require "autobackup.glob"
local guess = require "autobackup.guess"
local lists = require "autobackup.lists"
local rows = require "autobackup.rows"
local suggest = lazy "autobackup.suggest"

local M = {}

--- What a check returns for a value that is none.
-- @param code of the error, @param message format string, and its values
-- @return nil, message, code
function M.fail(code, message, ...)
    return nil, message:format(...), code
end

local fail = M.fail

--- A value as text: strings, and whole numbers.
-- @return text; or nil, message, code
function M.text_of(value)
    if type(value) == "string" then
        return value
    elseif math.type(value) == "integer" then
        return tostring(value)
    elseif glob.is(value) then
        return fail("EUSAGE", "the pattern '%s' may be several; one name stands there", value)
    end
    return fail("EUSAGE", "a %s is not a name or text", rows.type_of(value) and "row" or type(value))
end

local text_of = M.text_of

local column = rows.column

-- What to say of a name with * or ? that was not taken for a pattern.
local function about_wildcards(name, typed)
    if not glob.looks(name) then
        return nil
    elseif typed then
        return typed.pattern and "" or "; in quotes * and ? are plain characters, without them they are wildcards"
    end
    return ('; a pattern is written glob "%s"'):format(name)
end

-- What to say of an unknown name: the nearest, or what to type first.
local function unknown(kind, name, names, advice, typed)
    local hint = about_wildcards(name, typed) or suggest.hint(name, names)
    if hint == "" and #names == 0 then
        hint = advice
    elseif hint == "" and #names <= 12 then
        table.sort(names)
        hint = ("; there %s %s"):format(#names == 1 and "is" or "are", table.concat(names, ", "))
    end
    return fail("ENONAME", "no %s '%s'%s", kind, name, hint)
end

local function ambiguous(name, candidates)
    local bytes = core_text.bytes(candidates[1], candidates[2])
    return fail("ENONAME", "'%s' may be %s; write which%s", name, lists.alternatives(candidates), bytes
        and (" (they look alike and differ in their bytes: %s)"):format(bytes) or "")
end

local NO_DATABASE = "; none is known yet, type: add database NAME PATH"
local NO_CATEGORY = "; none is known yet, type: add category NAME PATH"
local NOT_LOADED = "; nothing is loaded yet, type: load"

-- The one of several that is meant, or the refusal that names them.
local function only_one(name, found, otherwise)
    if #found == 1 then
        return found[1]
    elseif #found > 1 then
        return ambiguous(name, found)
    end
    return otherwise()
end

-- ---- databases and categories ----

-- The names that a pattern stands for must be some.
local function check_pattern(kind, pattern, names)
    for _, name in ipairs(names) do
        if glob.matcher(pattern)(name) then
            return pattern
        end
    end
    return fail("ENONAME", "no %s matches '%s'", kind, pattern)
end

local function check_database(value, session, spec, typed)
    local databases = session.catalog:databases()
    local names = column(databases, "database")
    if glob.is(value) and spec.patterns then
        return check_pattern("database", value, names)
    end
    local name, message, code = text_of(value)
    if not name or session.catalog:database(name) then
        return name, message, code
    elseif spec.patterns and typed and typed.pattern then
        return check_pattern("database", typed.pattern, names)
    end
    return only_one(name, guess.database(session, name), function()
        return unknown("database", name, names, NO_DATABASE, typed)
    end)
end

M.database = {
    check = check_database,
    complete = function(prefix, session)
        return lists.starting_with(prefix, column(session.catalog:databases(), "database"))
    end,
}

local function check_category(value, session, spec, typed)
    local names = column(session.catalog:categories(), "category")
    if glob.is(value) and spec.patterns then
        return check_pattern("category", value, names)
    end
    local name, message, code = text_of(value)
    if not name or session.catalog:category(name) or name == "all" and not spec.filter then
        return name, message, code
    elseif spec.patterns and typed and typed.pattern then
        return check_pattern("category", typed.pattern, names)
    end
    return only_one(name, guess.category(session, name), function()
        if #names > 0 and session.catalog:database(name) then
            return fail("ENONAME", "'%s' is a database; a category stands there: %s", name,
                table.concat(names, ", "))
        end
        return unknown("category", name, names, NO_CATEGORY, typed)
    end)
end

-- "footage,render", or a list of names.
local function check_categories(value, session, spec, typed)
    local parts = type(value) == "table" and not glob.is(value) and not rows.type_of(value) and value
    if type(value) == "string" and value:find(",", 1, true) then
        parts = {}
        for part in (value .. ","):gmatch("([^,]*),") do
            parts[#parts + 1] = part
        end
    end
    if not parts or not spec.several then
        return check_category(value, session, spec, typed)
    end
    local found = {}
    for i, part in ipairs(parts) do
        local name, message, code = check_category(part, session, {filter = true}, typed)
        if not name then
            return nil, message, code
        end
        found[i] = name
    end
    return lists.several(found)
end

M.category = {
    check = check_categories,
    complete = function(prefix, session)
        local names = column(session.catalog:categories(), "category")
        names[#names + 1] = "all"
        local before, last = prefix:match("^(.*,)([^,]*)$")
        local found = lists.starting_with(last or prefix, names)
        for i, name in ipairs(found) do
            found[i] = (before or "") .. name
        end
        return found
    end,
}

-- ---- clients ----

local function has_client(session, client)
    return #session.catalog:clients{client = client} > 0
end

local function check_client(value, session, _, typed)
    if glob.is(value) then
        if has_client(session, value) then
            return value
        end
        return fail("ENONAME", "no client matches '%s'", value)
    end
    local name, message, code = text_of(value)
    if not name or has_client(session, name) then
        return name, message, code
    end
    name = name:gsub("/+$", "")    -- completion leaves a '/' behind a client
    if has_client(session, name) then
        return name
    elseif typed and typed.pattern and not name:find("/", 1, true) then
        return check_client(typed.pattern:beginning(#name), session)
    end
    return only_one(name, guess.client(session, name), function()
        return unknown("client", name, column(session.catalog:clients{}, "client"), NOT_LOADED, typed)
    end)
end

M.client = {
    check = check_client,
    complete = function(prefix, session)
        return lists.starting_with(prefix, session.catalog:client_names())
    end,
}

-- ---- projects ----

-- Where the last reading could not read what a name or pattern asks for, nobody knows whether there is one: what to say.
local function unread(session, name, hint)
    local texts = coverage.unread(session.catalog, {project = name})
    if #texts > 0 then
        return ("'%s' is not known: %s%s"):format(name, table.concat(texts, "; "), hint or "")
    end
end

local function unknown_project(session, name, typed)
    if not name:find("^[^/]+/[^/]+$") then
        return fail("EUSAGE", "'%s' is no project%s", name, about_wildcards(name, typed)
            or guess.whose(session, name) or ": write CLIENT/PROJECT")
    end
    local client = name:match("^[^/]*")
    local names = column(session.catalog:projects{client = client}, "project")
    if #names == 0 then
        names = column(session.catalog:projects{}, "project")
    end
    local hint = unread(session, name, suggest.hint(name, names))
    if hint then
        return fail("EUNREAD", "%s", hint)
    end
    return unknown("project", name, names, NOT_LOADED, typed)
end

local function check_pattern_of_projects(pattern, session, spec)
    local text = tostring(pattern)
    if not text:find("^[^/]+/[^/]+$") then
        return fail("EUSAGE", "'%s' is no project: write CLIENT/PROJECT, or */* for all", text)
    elseif not spec.fresh and #session.catalog:projects{project = pattern} == 0 then
        local why = unread(session, pattern)
        if why then
            return fail("EUNREAD", "%s", why)
        end
        return fail("ENONAME", "no project matches '%s'", text)
    end
    return pattern
end

local function refuse_client(session, name)
    if not name:find("/", 1, true) and has_client(session, name) then
        local own = guess.whose(session, name)
        if own then
            return fail("EUSAGE", "'%s' is a client, and a project%s", name, own)
        end
        return fail("EUSAGE", "'%s' is a client: write CLIENT/PROJECT, or %s/* for all that it has", name, name)
    end
    return true
end

-- "acme/spot,acme/two": categories are written so, projects are not. What to write instead, or nil.
local function about_several(session, name, spec)
    local client, count, is_one = nil, 0, true
    for part in name:gmatch("[^,]+") do
        if not guess.is_project(session, part, spec) then
            return nil
        end
        local of = part:match("^[^/]*")
        count, client, is_one = count + 1, client or of, is_one and (not client or client == of)
    end
    local all = is_one and client and (", or %s/* for all that %s has"):format(client, client) or ""
    return count > 1 and ("'%s' are %d projects: write one command for each%s"):format(name, count, all) or nil
end

-- A name that is none as it stands.
local function forgive_project(name, session, spec, typed)
    local several = name:find(",", 1, true) and about_several(session, name, spec)
    if several then
        return fail("EUSAGE", "%s", several)
    end
    local found, also, complaint = guess.project(session, name, spec)
    if #found == 1 then
        return found[1], nil, nil, also
    elseif #found > 1 then
        return ambiguous(name, found)
    elseif complaint then
        return fail("EUSAGE", "%s", complaint)
    elseif spec.fresh and name:find("^[^/]+/[^/]+$") and not (typed and glob.looks(name)) then
        return name    -- the command looks on the disk itself: a project may be newer than the last load
    end
    return unknown_project(session, name, typed)
end

local function check_project(value, session, spec, typed)
    if glob.is(value) then
        return check_pattern_of_projects(value, session, spec)
    end
    local name, message, code = text_of(value)
    if not name or guess.is_project(session, name, spec) then
        return name, message, code
    end
    local tidy = name:gsub("(.)/+$", "%1")
    local pattern = typed and typed.pattern
    if tidy ~= name and guess.is_project(session, tidy, spec) then
        return tidy
    elseif pattern and tidy:find("^[^/]+/[^/]+$") then
        return check_pattern_of_projects(pattern:beginning(#tidy), session, spec)
    end
    local ok, why, why_code = refuse_client(session, tidy)
    if not ok then
        return nil, why, why_code
    end
    return forgive_project(tidy, session, spec, typed)
end

-- The projects of a client, or of the one that is meant.
local function projects_of(session, client)
    local names = column(session.catalog:projects{client = client}, "project")
    local meant = not names[1] and guess.client(session, client) or {}
    return #meant == 1 and column(session.catalog:projects{client = meant[1]}, "project") or names
end

-- Clients with a '/' first, a client's projects once its '/' is typed: quick with any number of projects. What is
-- no client's beginning may be that of a project's own name.
local function complete_project(prefix, session)
    local client = prefix:match("^([^/]*)/")
    if client then
        return lists.starting_with(prefix, projects_of(session, client))
    end
    local names = lists.starting_with(prefix, session.catalog:client_names())
    for i, name in ipairs(names) do
        names[i] = name .. "/"
    end
    return names[1] and names or session.catalog:projects_named(prefix)
end

M.project = {
    check = check_project,
    complete = complete_project,
    label = function()
        return "CLIENT/PROJECT"
    end,
}

-- ---- all, a client or a project ----

-- A client that is called "all" is told from the word by a row of its own.
local function as_which(client, message, code)
    if client == "all" then
        return rows.row("client", {client = client})
    end
    return client, message, code
end

local function check_which(value, session, spec, typed)
    if rows.type_of(value) == "client" then
        return as_which(check_client(value.client, session, spec))
    elseif value == "all" and not (typed and typed.literal) then
        return value
    elseif glob.is(value) then
        local check = tostring(value):find("/", 1, true) and check_project or check_client
        return check(value, session, spec)
    end
    local name, message, code = text_of(value)
    if not name then
        return nil, message, code
    elseif has_client(session, name) then
        return as_which(name)
    elseif name:find("/.") then
        local client = not guess.is_project(session, name, spec) and guess.client_at(session, name)
        if client then
            return as_which(client)
        end
        return check_project(name, session, spec, typed)
    end
    local projects, clients = guess.project(session, name, spec), guess.client(session, name)
    if #projects > 0 and #clients > 0 then
        return ambiguous(name, {projects[1], clients[1]})
    elseif #projects > 0 then
        return check_project(name, session, spec, typed)
    end
    return as_which(check_client(name, session, spec, typed))
end

M.which = {
    check = check_which,
    complete = function(prefix, session)
        local names = complete_project(prefix, session)
        if ("all"):sub(1, #prefix) == prefix then
            names[#names + 1] = "all"
        end
        return names
    end,
    label = function()
        return "all|CLIENT|CLIENT/PROJECT"
    end,
}

return M
