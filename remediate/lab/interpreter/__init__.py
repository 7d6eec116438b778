"""cmd.exe: reading command lines and carrying them out in small steps that can be saved."""
