"""How long the methods take beside other programs, once their answers agree: the command ``bench``.

Other programs are those of the extra ``peers``, imported where they are called and only when a benchmark is
asked for. One that is not installed is a row that says so.
"""
