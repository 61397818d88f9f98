"""Counts clicks in Streamlit's session and takes a file, which has to reach the process that has the session."""

import sys

import streamlit as st

name = sys.argv[1]
st.title("Streamlit behind Clingfish")
st.write(f"Served by {name}.")

if st.button("Count"):
    st.session_state.clicks = st.session_state.get("clicks", 0) + 1
st.write(f"{name}: click {st.session_state.get('clicks', 0)}.")

file = st.file_uploader("A file")
if file:
    st.write(f"{name} has {file.name}: {len(file.getvalue())} bytes.")
