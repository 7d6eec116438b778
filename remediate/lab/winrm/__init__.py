"""WinRM on lab hosts: WS-Management over HTTP and HTTPS, with the cmd shell and the PowerShell shell behind it."""
