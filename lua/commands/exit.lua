--- exit: leave the program.
return {
    name = "exit",
    group = "session",
    passing = true,
    summary = "leave, with an exit status",
    details = "Without a status, a script or a pipe ends with the worst outcome that its commands had.",
    examples = {"exit", "exit 3"},
    startup = false,
    args = {{"status", "integer", optional = true, min = 0, max = 255, help = "0 to 255"}},
    run = function(args, session)
        session:exit(args.status)
    end,
}
