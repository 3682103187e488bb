"""The little CSS that the theme cannot say: one stylesheet, small, and only on keys and classes of our own where that is possible.

The filter row is drawn once. On a phone it is folded behind a switch; that is done here, because the server does not know how wide a
window is.
"""

PHONE_PX = 640

STYLE = f"""
<style>
.stMainBlockContainer {{ padding-top: 3.9rem; padding-bottom: 2rem; }}
.stMainBlockContainer > [data-testid="stVerticalBlock"] {{ gap: 0.55rem; }}
.mr-band {{ background: #F2C14E; color: #3B2A00; font-size: 0.875rem; line-height: 1.35; padding: 2px 12px; border-radius: 6px; }}
.mr-question {{ font-size: 0.95rem; font-weight: 600; opacity: 0.78; margin: 0; padding: 0; line-height: 1.3; }}
.mr-question small {{ font-size: 0.925rem; font-weight: 400; }}
.mr-answer {{ font-size: 1.45rem; font-weight: 600; line-height: 1.25; margin: 0; text-wrap: pretty; }}
.mr-aside, .mr-note, .mr-footer {{ font-size: 0.875rem; opacity: 0.78; margin: 0; line-height: 1.35; }}
.mr-figures {{ display: flex; flex-wrap: wrap; gap: 6px 28px; margin: 0; }}
.mr-figures dt {{ font-size: 0.875rem; opacity: 0.78; }}
.mr-figures dd {{ margin: 0; font-size: 1.45rem; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }}
.mr-figures small {{ font-size: 0.875rem; font-weight: 400; opacity: 0.78; }}
.mr-story {{ display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 4px 0 0; font-size: 0.925rem; }}
.mr-figures, .mr-story {{ padding: 0 !important; }}
.mr-story dt {{ opacity: 0.78; }}
.mr-story dd {{ margin: 0; font-variant-numeric: tabular-nums; }}
[class*="st-key-version-"] {{ padding: 0.45rem 0.75rem; }}
[class*="st-key-version-"] > :first-child {{ flex: 1 1 14rem; min-width: 0; }}
[data-testid="stBaseButton-primary"]:not(:disabled) {{ background: transparent; color: inherit; border-width: 2px; font-weight: 600; }}
[data-tag], [data-tag] * {{ color: light-dark(#FFFFFF, #12161B); }}
.mr-state {{ font-size: 0.8rem; opacity: 0.78; border: 1px solid rgba(128, 128, 128, 0.5); border-radius: 6px; padding: 0 6px; }}
[data-testid="stMetric"] > div:first-child {{ padding: 0.5rem 0.9rem 0.1rem; }}
[data-testid="stMetricLabel"] p, [data-testid="stMetricDeltaDescription"] p {{ white-space: normal; }}
[data-testid="stMetric"] div:has(> [data-testid="stMetricDeltaDescription"]) {{ flex-wrap: wrap; row-gap: 0.1rem; }}
[data-testid="stMetricDeltaDescription"] {{ flex: 0 1 auto; }}
[data-testid="stMetricChart"] {{ margin-bottom: 0.5rem; }}
[data-testid="stMetricValue"] {{ font-variant-numeric: tabular-nums; line-height: 1.3; }}
.st-key-tiles [data-testid="stColumn"] > [data-testid="stVerticalBlock"] {{ gap: 0.2rem; }}
.st-key-filters {{ row-gap: 0.4rem; }}
.st-key-controls .stButtonGroup {{ display: flex; flex-direction: row; align-items: center; gap: 0.5rem; }}
.st-key-controls .stButtonGroup label {{ margin: 0; min-height: 0; }}
.st-key-controls button {{ padding-left: 0.55rem; padding-right: 0.55rem; }}
[class*="st-key-where-"] {{ margin-top: -0.4rem; }}
.st-key-footer [class*="st-key-where-"] {{ margin-top: 0; }}
[data-testid="stLayoutWrapper"]:has(> .st-key-map-frame) + [data-testid="stLayoutWrapper"]:has([class*="st-key-where-"]) {{
  margin-top: -2.6rem; pointer-events: none;
}}
[class*="st-key-where-"] button {{ pointer-events: auto; }}
.st-key-footer > * {{ flex: 0 1 auto; width: auto; }}
[class*="st-key-where-"] button {{ min-height: 1.4rem; height: 1.4rem; padding: 0; opacity: 0.78; }}
[class*="st-key-where-"] button em {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }}
[class*="st-key-where-"] button p {{ font-size: 0.8rem; text-decoration: underline; text-underline-offset: 2px; }}
@media (min-width: {PHONE_PX + 1}px) {{
  .st-key-fold {{ display: none; }}
  .st-key-controls {{ border-left: 1px solid rgba(128, 128, 128, 0.35); padding-left: 0.8rem; }}
  .st-key-link, .st-key-views {{ margin-left: auto; }}
}}
@media (max-width: {PHONE_PX}px) {{
  .stMainBlockContainer {{ padding-left: 1rem; padding-right: 1rem; }}
  .st-key-filters, .st-key-explore-controls {{ display: none; }}
  .stApp:has(.st-key-fold input:checked) :is(.st-key-filters, .st-key-explore-controls) {{ display: flex; }}
  .st-key-filters > *, .st-key-controls > * {{ width: 100% !important; max-width: 100% !important; }}
  .st-key-filters .stElementContainer:has(> .stSelectbox) {{ width: 100% !important; flex: 1 1 100% !important; }}
  .st-key-filters .stSelectbox {{ width: 100% !important; }}
  .st-key-explore-controls .stElementContainer:has(> :is(.stSelectbox, .stMultiSelect)) {{
    width: 100% !important; flex: 1 1 100% !important;
  }}
  .st-key-explore-controls :is(.stSelectbox, .stMultiSelect) {{ width: 100% !important; }}
  .mr-answer {{ font-size: 1.2rem; }}
  [data-testid="stPageLink"] p {{ white-space: normal; }}
  .stButtonGroup [role="radiogroup"] {{ flex-wrap: wrap; row-gap: 4px; }}
  .stHorizontalBlock > .stElementContainer:has(> .stHeading) {{ flex: 1 1 100%; }}
  .stHorizontalBlock:has(> .stElementContainer > .stHeading) {{ justify-content: flex-start; row-gap: 0.4rem; }}
  .st-key-tiles [data-testid="stColumn"] {{ min-width: calc(50% - 0.5rem); }}
  .st-key-tiles [data-testid="stMetricChart"] {{ display: none; }}
  .st-key-beside [data-testid="stColumn"]:last-child {{ order: -1; }}
  .st-key-map-frame [data-testid="stDeckGlJsonChart"] {{ height: 360px !important; }}
}}
</style>
"""
