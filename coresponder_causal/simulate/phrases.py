"""Sentences of which narratives are made; none names anybody, and none holds a term that stigmatises but `slurs`."""

OPENINGS = (
    ("Dispatched to check on an adult.", "Asked to see whether a resident was well."),
    ("Met a person in great distress.", "Responded to a person who was not making sense to those around."),
    ("Responded to a person who spoke of ending their life.", "Caller feared a suicide."),
    ("Contacted a person who had taken something.", "Responded to a person who seemed intoxicated."),
    ("Contacted a person sleeping outside.", "Asked to move a camp along."),
    ("Responded to shouting.", "Dispatched to a disturbance."),
    ("Responded to an argument at home.", "Family members were in conflict."),
)
"""By initial type, in its order."""

THEMES = {
    "housing": ("No place to stay tonight.", "Said the shelter was full.", "Was evicted last week."),
    "medication": ("Ran out of medication.", "Stopped taking pills a month ago.", "The refill was never called in."),
    "family": ("A sister will come by.", "Family asked us to help.", "Mother is worn out."),
    "substance_use": ("Had been drinking.", "Spoke of using again.", "Bottles lay about."),
    "fear_of_police": ("Was afraid of being taken away.", "Asked us to step back.", "Kept looking at our belts."),
}
"""By theme: what a reader without error would code."""

CRISIS = ("Was in crisis and could not be reasoned with.", "Heard voices and was frightened.", "Was in acute distress.")
NO_CRISIS = ("Was oriented and calm.", "Spoke clearly about the day.", "")
ENDS = {
    "arrest": "Arrested and booked.",
    "hold": "Placed on a hold for evaluation.",
    "ed_transport": "Taken to the emergency department.",
}
LEFT, TOLD_OF_CARE = "Cleared without further action.", "A contact for care was given."
SLURS = ('Known here as "{}".', 'Radio had it as "{}".')
"""With a listed term put in."""
