//! Every verdict, as a client sees it.
