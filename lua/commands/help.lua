--- help: the commands, or one of them.
local rows = require "autobackup.rows"
local usage = require "autobackup.usage"

local function overview(session)
    local result = {}
    for _, group in ipairs(usage.overview(session.commands)) do
        for _, command in ipairs(group.commands) do
            result[#result + 1] = rows.row("command", {group = group.group, command = command.name,
                summary = command.summary, usage = command.usage})
        end
    end
    return result
end

local function one(session, name)
    local declaration = session.commands:find(name)
    return {rows.row("command", {group = declaration.group, command = declaration.name,
        summary = declaration.summary, usage = usage.line(declaration), details = declaration.details,
        examples = declaration.examples})}
end

local function show_overview(result, out)
    local width = 0
    for _, row in ipairs(result) do
        width = math.max(width, #row.command)
    end
    local group
    for _, row in ipairs(result) do
        if row.group ~= group then
            out:line((group and "\n" or "") .. out:color("bold", row.group))
            group = row.group
        end
        for i, text in ipairs(usage.wrap(row.summary, (out.width or 100) - width - 4)) do
            out:line(("  %s  %s"):format((i == 1 and row.command or ""):sub(1, width) ..
                (" "):rep(width - (i == 1 and #row.command or 0)), text))
        end
    end
    out:line("")
    local pipes = "At the prompt: fetch all | less, find '*.mov' > list.txt."
    for _, text in ipairs(usage.wrap(pipes, out.width or 100)) do
        out:line(text)
    end
    for _, text in ipairs(usage.wrap("'help COMMAND' tells more. Anything that is no command is Lua: "
        .. "for _, p in ipairs(projects()) do print(p.project) end", out.width or 100)) do
        out:line(text)
    end
end

return {
    name = "help",
    group = "session",
    passing = true,
    summary = "list the commands, or tell about one",
    examples = {"help", "help copy"},
    startup = "mends",
    args = {{"command", "command", optional = true, help = "a command's name"}},
    run = function(args, session)
        if args.command then
            return one(session, args.command)
        end
        return overview(session)
    end,
    show = function(result, out, session)
        if #result ~= 1 then
            return show_overview(result, out)
        end
        for _, line in ipairs(usage.lines(session.commands:find(result[1].command), out.width)) do
            out:line(out:clean(line))
        end
    end,
}
