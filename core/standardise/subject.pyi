"""Who or what a row is about: C only, see core/standardise/subject.pxd."""
