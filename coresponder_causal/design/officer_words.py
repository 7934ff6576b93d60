"""Names that the parts of the officers' design share."""

peers_column = "exposed_peers"
everyone, never = "exposed", "never_exposed"
volunteers, assigned, unknown = "volunteers", "assigned", "not_known"
volunteer_words = {True: volunteers, False: assigned}
