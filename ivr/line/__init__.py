"""The telephone line: joins ARI and media into `ivr.ports.Call`, and gives calls to their flow."""
