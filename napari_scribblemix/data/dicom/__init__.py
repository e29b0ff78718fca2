"""The scanner's files: DICOM to stacks, and back.  pydicom and highdicom are known here alone."""
