--- fields: what the rows of results hold.
local errors = require "autobackup.errors"
local fields = require "autobackup.view.fields"
local rows = require "autobackup.rows"
local suggest = require "autobackup.suggest"

local function run(args)
    local result = {}
    if args.type and not fields.of(args.type) then
        errors.usage("fields: no row is of the type '%s'%s", args.type, suggest.hint(args.type, fields.types()))
    end
    for _, kind in ipairs(args.type and {args.type} or fields.types()) do
        for _, field in ipairs(fields.of(kind)) do
            field.of = kind
            result[#result + 1] = rows.row("field", field)
        end
    end
    return result
end

local function show(result, out)
    local first = 1
    for i, row in ipairs(result) do
        local after = result[i + 1]
        if not after or after.of ~= row.of then
            out:line((first > 1 and "\n" or "") .. out:color("bold", row.of) .. ": " .. fields.about(row.of))
            out:table{rows = table.move(result, first, i, 1, {}), columns = {
                {key = "field", title = "FIELD"}, {key = "kind", title = "KIND"},
                {key = "always", title = "ALWAYS", format = function(always) return always and "yes" or "" end},
                {key = "about", title = "ABOUT"},
            }}
            first = i + 1
        end
    end
end

return {
    name = "fields",
    group = "session",
    passing = true,
    startup = "mends",
    summary = "tell what the rows of results hold, in Lua and as JSON",
    details = "Kinds: text (bytes), path (absolute), count, bytes, seconds, time (in Lua whole seconds since "
        .. "1970, as JSON RFC 3339 in UTC), flag (true or false), list. What is always there is null in JSON "
        .. "where it has no value, and nil in Lua.",
    examples = {"fields", "fields copy"},
    args = {{"type", "word", optional = true, help = "of a row, such as copy"}},
    run = run,
    show = show,
}
