"""Who or what a row is about: C only, see columns_subject.pxd."""
