--- trust: show a startup file and trust it.
local errors = require "autobackup.errors"
local rows = require "autobackup.rows"
local trust = require "autobackup.trust"

local function refuse(examined)
    errors.raise("ECONFIRM", ("%s; look at it and say --yes to trust it"):format(trust.describe(examined)),
        {path = examined.path})
end

local function run(args, session)
    local examined = trust.examine(session, args.file)
    local row = rows.row("trust", {path = examined.path, state = examined.state, trusted = true})
    if examined.state == "trusted" then
        return {row}
    elseif args.yes then
        trust.accept(session, examined)
    elseif not session.interactive then
        session:message(table.concat(trust.lines(examined), "\n"))
        refuse(examined)
    elseif not trust.ask(session, examined) then
        errors.raise("ECANCELED", examined.path .. " is not trusted")
    end
    return {row}
end

return {
    name = "trust",
    group = "set up",
    summary = "show the .config of a folder and trust it",
    details = "A ./.config runs code that whoever wrote the folder chose, so it runs only when these very bytes "
        .. "were trusted. A change asks again.",
    examples = {"trust", "trust ./.config"},
    startup = false,
    args = {{"file", "path", optional = true, default = "./.config"}},
    options = {yes = {short = "y", help = "do not ask"}},
    run = run,
    show = function(result, out)
        local row = result[1]
        out:line(out:clean(row.path .. (row.state == "trusted" and " was trusted already" or " is trusted")))
    end,
}
