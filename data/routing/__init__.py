"""Drives on roads: a graph from an extract of OpenStreetMap, or a routing server of others.

- ``osm``: which ways a car may take, in which direction, how fast
- ``graph``: the graph, contracted without loss, and its drives
- ``roads``: a graph as a base of drive times, kept by the hash of its file
- ``osrm``: a server that speaks OSRM's table service
"""
