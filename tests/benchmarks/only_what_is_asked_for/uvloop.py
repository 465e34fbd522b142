"""Stands in the way of a faster event loop that NiceGUI brings along: a clinic's server does not have it."""

raise ModuleNotFoundError("not among the dependencies of Infusion Monitor")
