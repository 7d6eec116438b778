"""What can be run on a lab host by name: cmd.exe's own commands and the programs of its system folder."""
