"""What instructors run: release, grading, reports. No notebook imports anything from here."""
