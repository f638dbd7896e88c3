"""The app as a web page: who may open it, and the server."""
