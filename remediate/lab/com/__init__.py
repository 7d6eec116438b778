"""COM objects as Windows Script Host offers them, on a modelled machine."""
