//! The laws of every screen: at most 24 lines and 80 columns, nothing unsafe, and colour that only adds colour.
