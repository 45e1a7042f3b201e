from rnnlm_core.cli import main

main()
