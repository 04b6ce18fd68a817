"""A page that anybody would write first: Streamlit, a table and the curves, every two seconds."""

import sys

import altair as alt
import pandas as pd
import streamlit as st


st.set_page_config(layout="wide")


@st.fragment(run_every=2)
def page() -> None:
    table = pd.read_csv(sys.argv[1], dtype={"trial_id": str})
    params = ["lr", "units", "dropout", "optimizer"]
    best = table.groupby("trial_id", as_index=False).agg(
        {**dict.fromkeys(params, "first"), "val_loss": "min"}
    )
    st.metric("trials", len(best))
    st.dataframe(best.sort_values("val_loss"), hide_index=True)
    curves = alt.Chart(table[["trial_id", "epoch", "val_loss"]]).mark_line()
    st.altair_chart(curves.encode(x="epoch:Q", y="val_loss:Q", color="trial_id:N").interactive())


page()
