"""The toolkit against Wine's Win32: real cscript, cmd, registry, services and PE files that nobody here wrote."""
