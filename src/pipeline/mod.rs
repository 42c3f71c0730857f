//! The corridor: fold, merge, link, refine, group, report.
