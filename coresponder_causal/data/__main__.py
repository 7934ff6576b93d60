"""Write what follows from the dictionary: ``python -m coresponder_causal.data``, at the root of a checkout."""

from coresponder_causal.data import dictionary_page, procedure

if __name__ == "__main__":
    dictionary_page.main()
    procedure.main()
