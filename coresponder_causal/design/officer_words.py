"""Names that the parts of the officers' design share."""

peers_column = "exposed_peers"
everyone, never = "exposed", "never_exposed"
volunteers, assigned, unknown = "volunteers", "assigned", "not_known"
volunteer_words = {True: volunteers, False: assigned}
imputations = ("officer_imputation", "officer_poisson")


def imputed_by(method: str) -> str:
    """Give the method by which what stands behind a result is imputed: itself, or that of differences.

    Examples
    --------
    >>> imputed_by("officer_poisson"), imputed_by("officer_dose")
    ('officer_poisson', 'officer_imputation')
    """
    return method if method in imputations else imputations[0]
