"""The rule for commit subjects: `room: verb what`, at most 72 characters (CONTRIBUTING.md)."""
import re

LONGEST = 72
FORM = re.compile(r"[a-z0-9_./-]+(, [a-z0-9_./-]+)*: [a-z]")


def wrong_subjects(subjects):
    """A line for each subject that breaks the rule."""
    found = []
    for subject in subjects:
        if not FORM.match(subject):
            found.append(f"commit `{subject}`: begin with the room, a colon and a verb in lower case")
        elif len(subject) > LONGEST:
            found.append(f"commit `{subject}`: {len(subject)} characters, {LONGEST} are the most")
    return found
