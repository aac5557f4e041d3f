"""The app-server protocol over sockets: many clients, one daemon."""
