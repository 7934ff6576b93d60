"""``python -m coresponder_causal``: the command line where its program is not on the path."""

from coresponder_causal.cli import main

if __name__ == "__main__":
    main()
