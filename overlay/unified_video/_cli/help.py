"""The help of `unified-video` itself, written out: click alone takes longer to import than this to be read."""

HELP = """\
Usage: unified-video COMMAND [OPTIONS] …

  Makes video from text or images through an AI gateway.

Examples:
  unified-video generate "a cat dancing" -o cat.mp4
  unified-video generate "it stands up" --image cat.png -o cat.mp4
  unified-video generate "a cat dancing" -o cat.mp4 --sandbox
      (a real video from this machine: no key, and nothing is paid)
  unified-video generate "a cat dancing" --ratio 9:16 --dry-run
      (says every mistake, and sends nothing)

Commands:
  generate  Make a video: create, wait and download in one go.
  create    Start a video and print its task id; nothing is waited for.
  status    Print the state of a task.
  wait      Wait for a task to end and print the link to its video.
  download  Fetch the video of a task.
  tasks     List what the ledger holds, and settle what is uncertain.
  resume    Go on with what the ledger holds unfinished.
  batch     Take a manifest of many videos to files: `batch run`;
            on more machines: `batch init`, `batch worker`.
  models    List the models and what they can do.
  spec      Print the OpenAPI document.
  sandbox   Serve the sandbox, a stand-in for the service, on this machine,
            with a page to try requests in.

Options:
  --version  Print the version.
  --help     Print this help; `unified-video COMMAND --help` has the options.

Environment:
  UNIFIED_VIDEO_BASE_URL  the address of your gateway; or --base-url
  UNIFIED_VIDEO_API_KEY   the key; there is no option for it, since it would
                          show in the list of processes
  UNIFIED_VIDEO_LEDGER    where tasks are written down; or --ledger,
                          --no-ledger
  NO_COLOR                no colours

Exit status:
  0    done
  1    the service, the task or this machine's disk failed, or nothing was sent
  2    bad usage, configuration or request
  3    uncertain: a create may have been accepted and charged
  4    the wait ended before the task
  130  interrupted

Completion of commands, options, values, files and task ids; put the line of
your shell into its start file:
  bash  eval "$(_UNIFIED_VIDEO_COMPLETE=bash_source unified-video)"
  zsh   eval "$(_UNIFIED_VIDEO_COMPLETE=zsh_source unified-video)"
  fish  _UNIFIED_VIDEO_COMPLETE=fish_source unified-video | source
"""
