//! Families of models: the one place where model ids are matched.
