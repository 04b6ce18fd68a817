"""Searches a small tree on the digits of scikit-learn; one line, `attach`, is the ledger's."""

from sklearn.datasets import load_digits
from sklearn.model_selection import RandomizedSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from ledger.integrations.sklearn import attach


X_train, X_test, y_train, y_test = train_test_split(*load_digits(return_X_y=True), random_state=0)
search = RandomizedSearchCV(
    make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0)),
    {
        "standardscaler": [StandardScaler(), "passthrough"],
        "decisiontreeclassifier__max_depth": [2, 4, 8, None],
        "decisiontreeclassifier__criterion": ["gini", "entropy"],
    },
    n_iter=6,
    cv=3,
    random_state=0,
    return_train_score=True,
)

run = attach(search, "digits", seed=0, hypothesis="depth counts, scaling does not")
search.fit(X_train, y_train)
run.final(test_accuracy=search.score(X_test, y_test))
