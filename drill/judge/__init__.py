"""Judges a drill from its record and from what can be read in the end: what was promised must be so, and nothing else.

Requests overlap, so that their order is often open. A rule speaks of what surely was (between an answer and the next
request that could change it) and of what possibly was (from a request's start on); it finds a difference only where no
order of the requests explains what was answered.
"""
