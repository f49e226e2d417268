"""What the end-to-end tests are made of: the programs under test, and peers that say exactly what they are told.

server   a real whtd                          client   a real whclient
tunnel   a tunnel client of our own, which may break every rule and remembers every frame
viewer   a raw HTTP connection                origin   the local web server behind a client
token    JWTs, right and wrong                certs    certificates for a test run
"""
